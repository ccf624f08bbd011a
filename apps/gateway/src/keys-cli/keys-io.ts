/** The terminal, or what stands for it in a test. */
export interface KeysIo {
  out(text: string): void
  err(text: string): void
  /** What is piped in: a key to verify comes this way, so that it stays out of the shell's history. */
  readInput(): Promise<string>
  now(): number
}
