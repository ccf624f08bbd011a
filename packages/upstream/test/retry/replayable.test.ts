import { Readable } from 'node:stream'
import { test } from 'tap'
import { canSend, isReplayable } from '../../src/retry/replayable.ts'

test('bytes and text can be sent again, streams cannot', async (t) => {
  for (const body of [null, undefined, '', 'text', Buffer.from('x'), new Uint8Array(2)]) {
    t.ok(isReplayable(body))
  }
  for (const body of [Readable.from(['x']), (async function* () {})(), new FormData()])
    t.notOk(isReplayable(body))
})

test('a stream can be sent until somebody reads it', async (t) => {
  const stream = Readable.from(['a', 'b'])
  t.ok(canSend(stream))
  await stream[Symbol.asyncIterator]().next()
  t.notOk(canSend(stream))
  t.notOk(canSend(Readable.from(['x']).destroy()))
  t.notOk(canSend((async function* () {})()))
})
