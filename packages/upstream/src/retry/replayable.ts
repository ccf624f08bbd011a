import { Readable } from 'node:stream'

/** Whether a request body can be sent any number of times. */
export function isReplayable(body: unknown): boolean {
  return body === null || body === undefined || typeof body === 'string' || ArrayBuffer.isView(body)
}

/** Whether it can be sent (again): a stream can as long as nobody has read from it, as after a refused connection. */
export function canSend(body: unknown): boolean {
  return isReplayable(body) || (body instanceof Readable && !body.destroyed && !Readable.isDisturbed(body))
}
