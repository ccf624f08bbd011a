import { test } from 'tap'
import { connect } from '../peer.ts'
import { startRawUpstream } from '../raw-upstream.ts'
import { GIGABYTE, GROWTH, MB, pour, readSlowly, startProcess, WARM_UP } from './gigabyte.ts'

test('a gigabyte passes to a slow upstream through bounded memory', async (t) => {
  const upstream = await startRawUpstream()
  t.teardown(() => upstream.stop())
  const gateway = await startProcess(t, upstream.url)
  const client = await connect(gateway.port)
  const upload = async (bytes: number): Promise<void> => {
    client.write(`POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: ${bytes}\r\n\r\n`)
    const poured = pour(client, bytes)
    const up = upstream.connections.at(-1) ?? (await upstream.next())
    up.bytes = 0
    await Promise.all([poured, readSlowly(up, bytes)])
    up.write('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok')
    await client.until('ok')
    client.forget()
  }
  await upload(WARM_UP)
  await gateway.ask('start')
  await upload(GIGABYTE)
  const grown = await gateway.ask('end')
  t.ok(grown <= GROWTH, `${Math.round(grown / MB)} MB`)
  client.destroy()
})
