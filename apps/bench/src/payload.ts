/** A JSON document of exactly so many bytes, at least 10. */
export function payload(bytes: number): Buffer {
  return Buffer.from(`{"data":"${'x'.repeat(bytes - '{"data":""}'.length)}"}`)
}
