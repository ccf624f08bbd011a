/**
 * The upstream of all proxies: `/bytes/<n>` is a JSON document of n bytes, `/cacheable/<n>` the same with an hour of
 * freshness. It reads nothing of a request but its target and where it ends, so that as much as possible of the core it
 * shares with the load generator is left to that one. For requests without a body.
 */
import { createServer, type Socket } from 'node:net'
import { listenRaw } from '../child.ts'
import { payload } from '../payload.ts'

const END = Buffer.from('\r\n\r\n')
const answers = new Map<string, Buffer>()

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    rest = answerAll(socket, rest.length === 0 ? chunk : Buffer.concat([rest, chunk]))
  })
})
await listenRaw(server)

/** Answers each complete request; gives back what is left. */
function answerAll(socket: Socket, received: Buffer): Buffer {
  let start = 0
  for (;;) {
    const end = received.indexOf(END, start)
    if (end === -1) return received.subarray(start)
    const line = received.toString('latin1', start, received.indexOf(13, start))
    socket.write(answerTo(line.split(' ')[1] ?? ''))
    start = end + END.length
  }
}

function answerTo(target: string): Buffer {
  const path = target.split('?')[0] ?? ''
  const known = answers.get(path)
  if (known !== undefined) return known
  const [, kind, bytes] = path.split('/')
  const body = payload(Number(bytes))
  const freshness = kind === 'cacheable' ? 'cache-control: public, max-age=3600\r\n' : ''
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${freshness}content-length: ${body.length}\r\n\r\n`
  const answer = Buffer.concat([Buffer.from(head), body])
  answers.set(path, answer)
  return answer
}
