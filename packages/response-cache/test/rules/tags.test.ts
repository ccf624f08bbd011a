import { test } from 'tap'
import { isTag, MAX_TAG_LENGTH, MAX_TAGS, parseTags } from '../../src/rules/tags.ts'

test('tags of the route, Surrogate-Key and Cache-Tag', (t) => {
  t.same(parseTags({}, []), [])
  t.same(parseTags({ 'surrogate-key': ' a  b\ta ' }, ['route']), ['route', 'a', 'b'])
  t.same(parseTags({ 'cache-tag': 'big sale, b,, a' }, []), ['big sale', 'b', 'a'])
  t.same(parseTags({ 'cache-tag': ['a', 'b'], 'surrogate-key': ['c', 'd'] }, ['a']), ['a', 'c', 'd', 'b'])
  t.end()
})

test('what a purge could not find is not stored', (t) => {
  t.equal(parseTags({ 'surrogate-key': 'é' }, []), undefined)
  t.equal(parseTags({ 'cache-tag': 'x'.repeat(MAX_TAG_LENGTH + 1) }, []), undefined)
  t.equal(parseTags({}, ['']), undefined)
  const many = Array.from({ length: MAX_TAGS }, (_, i) => `t${i}`)
  t.equal(parseTags({ 'surrogate-key': many.join(' ') }, [])?.length, MAX_TAGS)
  t.equal(parseTags({ 'surrogate-key': many.join(' ') }, ['one-more']), undefined)
  t.end()
})

test('tags', (t) => {
  for (const text of ['a', 'user/1', 'big sale', 'x'.repeat(MAX_TAG_LENGTH)]) t.ok(isTag(text), text)
  for (const text of ['', ' a', 'a ', 'a\nb', 'é', '\u0000']) t.notOk(isTag(text), JSON.stringify(text))
  t.end()
})
