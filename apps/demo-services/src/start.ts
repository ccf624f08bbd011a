import type { FastifyInstance } from 'fastify'
import { buildAuth } from './auth.ts'
import { buildDelivery } from './delivery.ts'
import { buildOrders } from './orders.ts'
import { buildProfile, type ProfileOptions } from './profile.ts'
import { buildRestaurants } from './restaurants.ts'

export const demoServiceNames = ['orders', 'restaurants', 'delivery', 'auth', 'profile'] as const
export type DemoServiceName = (typeof demoServiceNames)[number]

export interface DemoServices {
  /** Where each one listens, such as `http://127.0.0.1:40001`. */
  urls: Readonly<Record<DemoServiceName, string>>
  close(): Promise<void>
}

/** Builds one service by name; the options are those of `profile`. */
export function buildDemoService(name: DemoServiceName, options: ProfileOptions): FastifyInstance {
  switch (name) {
    case 'orders':
      return buildOrders()
    case 'restaurants':
      return buildRestaurants()
    case 'delivery':
      return buildDelivery()
    case 'auth':
      return buildAuth()
    case 'profile':
      return buildProfile(options)
  }
}

/** Starts all of them on free ports of the loopback, auth before the profile service that calls it. */
export async function startDemoServices(redisUrl?: string): Promise<DemoServices> {
  const apps: FastifyInstance[] = []
  const urls: Partial<Record<DemoServiceName, string>> = {}
  for (const name of demoServiceNames) {
    const app = buildDemoService(name, { authUrl: urls.auth ?? '', redisUrl })
    urls[name] = await app.listen({ host: '127.0.0.1', port: 0 })
    apps.push(app)
  }
  return {
    urls: urls as Record<DemoServiceName, string>,
    close: async () => void (await Promise.all(apps.map((app) => app.close()))),
  }
}
