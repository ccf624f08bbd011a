import { run } from './run.ts'

try {
  await run(
    process.argv.slice(2),
    (text) => console.log(text),
    (line) => console.error(line),
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
