/** What the queries of one load count from: where none may come twice, each load starts somewhere else. */
export function firstQuery(urls: number): number {
  return urls === Infinity ? Math.floor(Math.random() * 1e6) * 1e6 : 0
}
