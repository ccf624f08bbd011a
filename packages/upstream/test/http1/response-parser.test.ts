import fc from 'fast-check'
import { equal, match, ok } from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'tap'
import type { ResponseHead } from '../../src/http1/response-head.ts'
import { ResponseParser } from '../../src/http1/response-parser.ts'

interface Parsed {
  heads: ResponseHead[]
  body: string
  trailers: IncomingHttpHeaders | undefined
  /** Bytes that were not the response's. */
  rest: string
}

/** Parses `text` in pieces cut at `cuts`, and then the end of the connection. */
function parse(text: string, method = 'GET', cuts: readonly number[] = []): Parsed {
  const parsed: Parsed = { heads: [], body: '', trailers: undefined, rest: '' }
  const parser = new ResponseParser(method, 400, {
    onHead: (head) => void parsed.heads.push(head),
    onData: (chunk) => void (parsed.body += chunk.toString('latin1')),
    onEnd: (trailers) => void (parsed.trailers = { ...trailers }),
  })
  const bytes = Buffer.from(text, 'latin1')
  const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b)
  let start = 0
  for (const end of ends) {
    // The memory that is read into is used again.
    const piece = Buffer.from(bytes.subarray(start, end))
    const taken = parser.push(piece)
    parsed.rest += piece.toString('latin1', taken)
    piece.fill(0)
    start = end
  }
  parser.close()
  return parsed
}

const OK = 'HTTP/1.1 200 OK\r\n'

test('the end of a body is found by each of its framings', async (t) => {
  const cases: Record<string, [text: string, body: string, rest?: string, method?: string]> = {
    'a length': [`${OK}Content-Length: 3\r\n\r\nabcHTTP`, 'abc', 'HTTP'],
    'a length of nothing': [`${OK}content-length: 0\r\n\r\n`, ''],
    chunks: [
      `${OK}Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\nA ;x="y"\r\n0123456789\r\n0\r\n\r\nmore`,
      'abc0123456789',
      'more',
    ],
    'chunks of nothing': [`${OK}transfer-encoding: chunked\r\n\r\n000\r\n\r\n`, ''],
    'the end of the connection': [`${OK}\r\nuntil the end`, 'until the end'],
    'the method HEAD': [`${OK}content-length: 3\r\n\r\nabc`, '', 'abc', 'HEAD'],
    'the status 204': ['HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\nabc', '', 'abc'],
    'the status 304': ['HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\n\r\n', ''],
  }
  for (const [name, [text, body, rest = '', method]] of Object.entries(cases)) {
    const parsed = parse(text, method)
    t.match(parsed, { body, rest, trailers: {} }, name)
  }
})

test('interim responses come before the final one', async (t) => {
  const { heads, body } = parse(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
  )
  t.same(
    heads.map(({ status }) => status),
    [100, 103, 200],
  )
  t.equal(heads[1]?.headers.link, '</a>')
  t.equal(body, 'ok')
})

test('fields are trimmed, in lower case, and all there', async (t) => {
  const { heads } = parse(
    `HTTP/1.1 200\r\nX-A:\t b c \t\r\nx-empty:\r\nset-cookie: a\r\nSet-Cookie: b\r\nSET-COOKIE: c\r\nx-latin: \xe9\r\ncontent-length: 0\r\n\r\n`,
  )
  t.match(heads[0], { status: 200, message: '', minorVersion: 1 })
  t.same(
    { ...heads[0]?.headers },
    { 'x-a': 'b c', 'x-empty': '', 'set-cookie': ['a', 'b', 'c'], 'x-latin': '\xe9', 'content-length': '0' },
  )
})

test('a field may be called as members of objects are', async (t) => {
  const { heads } = parse(`${OK}__proto__: a\r\nconstructor: b\r\ntoString: c\r\ncontent-length: 0\r\n\r\n`)
  t.same(Object.entries(heads[0]?.headers ?? {}), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['tostring', 'c'],
    ['content-length', '0'],
  ])
})

test('trailers follow the last chunk', async (t) => {
  const { trailers, rest } = parse(
    `${OK}transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\nnext`,
  )
  t.same(trailers, { 'x-sum': ['1', '2'] })
  t.equal(rest, 'next')
})

test('what two recipients could read differently is refused', async (t) => {
  const refused: Record<string, string> = {
    'another protocol': 'SSH-2.0-OpenSSH\r\n',
    'another version': 'HTTP/2.0 200 OK\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a status of four': 'HTTP/1.1 2000 OK\r\n\r\n',
    'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
    'two blanks': 'HTTP/1.1  200 OK\r\n\r\n',
    'a control character in the reason': 'HTTP/1.1 200 O\x00K\r\n\r\n',
    'lines that end with LF': 'HTTP/1.1 200 OK\ncontent-length: 0\n\n',
    'one line that ends with LF': 'HTTP/1.1 200 OK\r\nx-a: b\ncontent-length: 0\r\n\r\n',
    'CR in a value': `${OK}x-a: b\rc: d\r\n\r\n`,
    'NUL in a value': `${OK}x-a: b\0\r\n\r\n`,
    'a folded line': `${OK}x-a: b\r\n c\r\n\r\n`,
    'space before the colon': `${OK}content-length : 3\r\n\r\n`,
    'no colon': `${OK}content-length\r\n\r\n`,
    'no name': `${OK}: a\r\n\r\n`,
    'an empty first line': `\r\n${OK}\r\n`,
    'two lengths': `${OK}content-length: 3\r\ncontent-length: 4\r\n\r\n`,
    'the same length twice': `${OK}content-length: 3\r\ncontent-length: 3\r\n\r\n`,
    'a list of lengths': `${OK}content-length: 3, 3\r\n\r\n`,
    'a signed length': `${OK}content-length: +3\r\n\r\n`,
    'a length in hexadecimal': `${OK}content-length: 0x3\r\n\r\n`,
    'an empty length': `${OK}content-length:\r\n\r\n`,
    'a length beyond counting': `${OK}content-length: 9999999999999999\r\n\r\n`,
    'a length beside chunks': `${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`,
    'another transfer coding': `${OK}transfer-encoding: gzip\r\n\r\n`,
    'a second transfer coding': `${OK}transfer-encoding: gzip, chunked\r\n\r\n`,
    'chunks twice': `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`,
    'chunks in HTTP/1.0': 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    'a bad length where no body comes': 'HTTP/1.1 204 No Content\r\ncontent-length: x\r\n\r\n',
  }
  const chunks: Record<string, string> = {
    'no chunk size': '\r\nabc\r\n',
    'a chunk size that is none': 'g\r\n',
    'a signed chunk size': '-1\r\n',
    'a prefixed chunk size': '0x3\r\nabc\r\n',
    'a chunk size beyond counting': 'fffffffffffff\r\n',
    'a chunk size line that ends with LF': '3\nabc\r\n',
    'a chunk longer than its size': '3\r\nabcd\r\n',
    'a chunk that ends with LF': '3\r\nabc\n0\r\n\r\n',
    'a control character in an extension': '3;a\x00\r\nabc\r\n',
    'a bad trailer': '0\r\nx a: b\r\n\r\n',
  }
  for (const [name, body] of Object.entries(chunks))
    refused[name] = `${OK}transfer-encoding: chunked\r\n\r\n${body}`
  for (const [name, text] of Object.entries(refused)) {
    t.throws(() => parse(text), { name: 'HTTPParserError' }, name)
    t.throws(
      () =>
        parse(
          text,
          'GET',
          Array.from(text, (_, i) => i),
        ),
      { name: 'HTTPParserError' },
      `${name}, byte by byte`,
    )
  }
})

test('heads, chunk sizes and trailers have a bound', async (t) => {
  const long = 'x'.repeat(500)
  for (const text of [
    `${OK}x-long: ${long}`,
    `${OK}x-long: ${long}\r\n\r\n`,
    `${OK}transfer-encoding: chunked\r\n\r\n1;${long}`,
    `${OK}transfer-encoding: chunked\r\n\r\n0\r\nx-long: ${long}`,
    `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(100)}`,
  ]) {
    t.throws(() => parse(text), { code: 'UND_ERR_HEADERS_OVERFLOW' })
  }
})

test('a body that breaks off never ends', async (t) => {
  for (const text of [
    'HTTP/1.1 200 OK\r\ncontent-le',
    `${OK}content-length: 4\r\n\r\nabc`,
    `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n`,
  ]) {
    t.equal(parse(text).trailers, undefined)
  }
})

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/).map((text) => `x-${text}`)
const value = fc.stringMatching(/^(?:[!-~\u0080-\u00ff](?:[\t -~\u0080-\u00ff]{0,20}[!-~\u0080-\u00ff])?)?$/)
const fields = fc.array(fc.tuple(name, value), { maxLength: 4 })
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'))

function lines(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([key, text]) => `${key}: ${text}\r\n`).join('')
}

test('however the bytes are cut, the response is the same', async () => {
  const chunked = fc
    .record({ pieces: fc.array(bytes, { maxLength: 4 }), trailers: fields })
    .map(({ pieces, trailers }) => ({
      head: 'transfer-encoding: chunked\r\n',
      wire: `${pieces.map((piece) => (piece === '' ? '' : `${piece.length.toString(16)}\r\n${piece}\r\n`)).join('')}0\r\n${lines(trailers)}\r\n`,
      body: pieces.join(''),
      trailers,
      bounded: true,
    }))
  const known = bytes.map((body) => ({
    head: `content-length: ${body.length}\r\n`,
    wire: body,
    body,
    trailers: [],
    bounded: true,
  }))
  const open = bytes.map((body) => ({ head: '', wire: body, body, trailers: [], bounded: false }))
  fc.assert(
    fc.property(
      fields,
      fc.oneof(chunked, known, open),
      fc.array(fc.nat(500), { maxLength: 8 }),
      bytes,
      (headers, { head, wire, body, trailers, bounded }, cuts, after) => {
        const rest = bounded ? after : ''
        const parsed = parse(`${OK}${lines(headers)}${head}\r\n${wire}${rest}`, 'GET', cuts)
        equal(parsed.body, body)
        equal(parsed.rest, rest)
        for (const [key, text] of headers) ok([parsed.heads[0]?.headers[key]].flat().includes(text))
        for (const [key, text] of trailers) ok([parsed.trailers?.[key]].flat().includes(text))
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever comes, it is parsed, refused or awaited: nothing else is thrown', async () => {
  const noise = fc.array(
    fc.oneof(
      fc.constantFrom(
        'HTTP/1.1 ',
        '200 OK',
        '\r\n',
        '\n',
        '\r',
        ':',
        ' ',
        'content-length',
        'transfer-encoding',
        'chunked',
        '0',
        'ff',
        ';',
        '\0',
      ),
      bytes,
    ),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(noise, fc.array(fc.nat(200), { maxLength: 5 }), (parts, cuts) => {
      for (const text of [
        parts.join(''),
        `${OK}${parts.join('')}`,
        `${OK}transfer-encoding: chunked\r\n\r\n${parts.join('')}`,
      ]) {
        try {
          parse(text, 'GET', cuts)
        } catch (error) {
          match((error as Error).name, /^(?:HTTPParserError|HeadersOverflowError)$/)
        }
      }
    }),
    { numRuns: 500 },
  )
})
