/** A Redis of the bench's own: nothing is written to disk. */
import { spawn } from 'node:child_process'
import { findBinary } from '../binary.ts'
import { announce } from '../child.ts'
import { freePort, untilAccepts } from '../ports.ts'

const port = await freePort()
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
const redis = spawn(findBinary('redis-server') ?? 'redis-server', args, { stdio: 'ignore' })
process.once('exit', () => redis.kill('SIGKILL'))
await untilAccepts(port, redis)
announce({ port, ...(redis.pid !== undefined && { pid: redis.pid }) })
