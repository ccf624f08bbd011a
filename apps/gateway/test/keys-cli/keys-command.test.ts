import { ApiKeys, fileKeys, redisKeys } from '@sluice/api-key-auth'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { test, type Test } from 'tap'
import { skipWithout } from '../../../../test/binary.ts'
import { startRedis } from '../../../../test/redis.ts'
import { runKeysCommand, type KeysLocation } from '../../src/keys-cli/keys-command.ts'

function fileOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'keys.yaml')
}

const openFile = async ({ file = '' }: KeysLocation) => new ApiKeys({ store: fileKeys(file) })

async function run(args: string[], open = openFile, input = '') {
  const out: string[] = []
  const err: string[] = []
  const code = await runKeysCommand(
    args,
    {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      readInput: async () => input,
      now: () => Date.parse('2030-01-01T00:00:00Z'),
    },
    open,
  )
  return { code, out: out.join('\n'), err: err.join('\n'), json: () => JSON.parse(out.join('\n')) }
}

test('the life of a key in a file', async (t) => {
  const at = ['--file', fileOf(t)]
  const made = await run([
    'create',
    '--consumer',
    'mobile',
    '--scopes',
    'orders:read, orders:write',
    '--expires',
    '90d',
    '--rate-limit',
    '100-M',
    '--cidrs',
    '10.0.0.0/8',
    '--metadata',
    '{"plan":"gold"}',
    '--json',
    ...at,
  ])
  t.equal(made.code, 0)
  const { key, record } = made.json()
  t.match(key, /^sluice_live_/)
  t.match(record, {
    consumer: 'mobile',
    scopes: ['orders:read', 'orders:write'],
    expiresAt: Date.parse('2030-04-01T00:00:00Z'),
    rateLimit: { max: 100, windowMs: 60_000 },
    metadata: { plan: 'gold' },
    status: 'active',
  })
  t.equal((await run(['verify', key, '--address', '10.1.1.1', ...at])).code, 0)
  t.match(await run(['verify', key, '--address', '11.1.1.1', ...at]), { code: 1, out: 'not valid: address' })

  const shown = await run(['show', record.id, ...at])
  t.match(shown.out, /scopes +orders:read, orders:write/)
  t.notMatch(shown.out, key)
  const listed = await run(['list', ...at])
  t.match(listed.out, new RegExp(`${record.id} +active +mobile`))
  t.notMatch(JSON.stringify((await run(['list', '--json', ...at])).json()), 'sha256')
  t.equal((await run(['list', '--consumer', 'nobody', ...at])).out, 'There are no keys.')

  const rotated = (await run(['rotate', record.id, '--grace', '24h', '--json', ...at])).json()
  t.ok(rotated.record.previousUntil > Date.now() + 23 * 3_600_000)
  t.equal(
    (await run(['verify', '--address', '10.1.1.1', ...at], openFile, `${key}\n`)).code,
    0,
    'the old one in its grace',
  )
  t.equal((await run(['verify', rotated.key, '--address', '10.1.1.1', ...at])).code, 0)
  const again = await run(['rotate', record.id, ...at])
  t.match(again.out.split('\n')[0], /^sluice_live_\w+$/, 'the key stands alone on the first line')
  t.equal((await run(['verify', key, '--address', '10.1.1.1', ...at])).code, 1)
  t.equal((await run(['verify', rotated.key, '--address', '10.1.1.1', ...at])).code, 1)

  t.match((await run(['revoke', record.id, ...at])).out, /status +revoked/)
  t.match(await run(['verify', rotated.key, '--json', ...at]), { code: 1 })
  t.match(await run(['rotate', record.id, ...at]), { code: 1, err: /revoked/ })
})

test('a key is changed, and forgotten', async (t) => {
  const at = ['--file', fileOf(t)]
  const made = await run([
    'create',
    '--consumer',
    'mobile',
    '--scopes',
    'a',
    '--expires',
    '90d',
    '--json',
    ...at,
  ])
  const { key, record } = made.json()
  const changed = await run([
    'update',
    record.id,
    '--scopes',
    'b,c',
    '--expires',
    '',
    '--disable',
    '--json',
    ...at,
  ])
  t.match(changed.json(), { scopes: ['b', 'c'], status: 'disabled', consumer: 'mobile' })
  t.notOk('expiresAt' in changed.json())
  t.equal((await run(['verify', key, ...at])).code, 1)
  t.match(await run(['update', record.id, '--enable', ...at]), { code: 0, out: /status +active/ })
  t.equal((await run(['verify', key, ...at])).code, 0)

  t.match(await run(['update', record.id, ...at]), { code: 2, err: /nothing to change/ })
  t.match(await run(['update', record.id, '--enable', '--disable', ...at]), { code: 2, err: /contradict/ })
  t.match(await run(['update', record.id, '--consumer', 'other', ...at]), { code: 2, err: /consumer/ })
  t.match(await run(['update', record.id, '--cidrs', 'nonsense', ...at]), { code: 1, err: /cidrs/ })

  t.match(await run(['remove', record.id, ...at]), { code: 0, out: `${record.id} is forgotten` })
  t.equal((await run(['list', ...at])).out, 'There are no keys.')
  t.equal((await run(['verify', key, ...at])).code, 1)
  t.equal((await run(['remove', record.id, ...at])).code, 1)
})

test('a key made elsewhere is taken over by its hash', async (t) => {
  const at = ['--file', fileOf(t)]
  const hash = createHash('sha256').update('legacy').digest('hex')
  t.equal((await run(['import', '--hash', hash, '--id', 'old', '--consumer', 'partner', ...at])).code, 0)
  t.match((await run(['verify', 'legacy', ...at])).out, /^valid\nid +old/)
})

test('what is wrong with the command line is said with the way to do it', async (t) => {
  const at = ['--file', fileOf(t)]
  for (const [args, message] of [
    [['fly'], "no action 'fly'"],
    [['create', ...at], '--consumer is missing'],
    [['create', '--consumer', 'a', '--wings', '2', ...at], '--wings'],
    [['create', '--consumer', 'a', '--rate-limit', '100', ...at], '100-M'],
    [['create', '--consumer', 'a', '--metadata', '{', ...at], 'JSON'],
    [['rotate', 'a', '--grace', 'soon', ...at], '--grace'],
    [['show', ...at], 'ID is missing'],
    [['show', 'a', 'b', ...at], 'Too many'],
    [['list', '--redis', 'redis://x', ...at], 'two places'],
  ] as const) {
    const result = await run([...args])
    t.equal(result.code, 2)
    t.match(result.err, message)
    t.match(result.err, 'sluice keys ACTION')
  }
  t.match(await run(['show', 'nobody', ...at]), { code: 1, err: 'There is no API key nobody' })
  t.match(await run(['create', '--consumer', 'a b', ...at]), { code: 1, err: /consumer: expected/ })
  t.match(await run([]), { code: 0, out: /^sluice keys ACTION/ })
})

test('the same against Redis', { skip: skipWithout('redis-server') }, async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  const open = async () => new ApiKeys({ store: redisKeys(redis, { follow: false }) })
  const { key, record } = (await run(['create', '--consumer', 'mobile', '--json'], open)).json()
  t.equal((await run(['verify', key], open)).code, 0)
  t.equal((await run(['list', '--json'], open)).json().length, 1)
  t.equal((await run(['revoke', record.id], open)).code, 0)
  t.equal((await run(['verify', key], open)).code, 1)
})
