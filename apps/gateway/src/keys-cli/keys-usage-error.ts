/** The command line is wrong. */
export class KeysUsageError extends Error {}
