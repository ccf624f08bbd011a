/** An upstream that takes requests and never answers. */
import { createServer } from 'node:net'
import { listenRaw } from '../child.ts'

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  socket.resume()
})
await listenRaw(server)
