# One file, two images: `--target gateway` and `--target demo-services`.
FROM node:24-slim AS build
WORKDIR /src
COPY . .
RUN npm run --silent setup && npm run --silent build \
 && npx --yes pnpm@12.21.0 --filter @sluice/gateway --prod deploy --legacy /out/gateway \
 && npx --yes pnpm@12.21.0 --filter @sluice/demo-services --prod deploy --legacy /out/demo-services

FROM node:24-slim AS runtime
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
USER node

FROM runtime AS demo-services
COPY --from=build --chown=node:node /out/demo-services ./
EXPOSE 4000
ENTRYPOINT ["node", "dist/main.js"]

FROM runtime AS gateway
COPY --from=build --chown=node:node /out/gateway ./
EXPOSE 3000 3001
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/livez').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["start", "--config", "/etc/sluice/gateway.yaml"]
