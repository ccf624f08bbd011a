import { ApiKeys, memoryKeys } from '@sluice/api-key-auth'

// The same class that the plugin decorates the app with, for scripts and command lines.
const keys = new ApiKeys({ store: memoryKeys() })
keys.on('rotated', ({ id, consumer }) => console.log(`rotated ${id.length} ${consumer}`))

const first = await keys.create({ consumer: 'partner', expiresAt: '2999-01-01' })
const second = await keys.rotate(first.record.id, { graceMs: 24 * 3_600_000 })
console.log((await keys.verify(first.key)).valid, (await keys.verify(second.key)).valid) // true true

await keys.revoke(first.record.id)
console.log((await keys.verify(first.key)).valid, (await keys.verify(second.key)).valid) // false false
await keys.close()
