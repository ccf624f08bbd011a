/** Media types of answers that go on until somebody leaves: their end says nothing about the upstream's health. */
const openEnded = new Set([
  'text/event-stream',
  'multipart/x-mixed-replace',
  'application/x-ndjson',
  'application/stream+json',
])

/** Whether an answer of this `Content-Type` is to be counted at its headers instead of the end of its body. */
export function isOpenEnded(contentType: unknown): boolean {
  if (typeof contentType !== 'string') return false
  const parameters = contentType.indexOf(';')
  const mediaType = parameters === -1 ? contentType : contentType.slice(0, parameters)
  return openEnded.has(mediaType.trim().toLowerCase())
}
