import type { Dispatcher } from 'undici'

/** For a request that never reached a connection: there is nothing to pause or abort. */
const noConnection: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
}

/**
 * Ends a request that was not sent. By an error, because a response that comes synchronously out of `dispatch` makes
 * some callers believe that the request body was left unread.
 */
export function refuse(handler: Dispatcher.DispatchHandler, error: Error): true {
  handler.onResponseError?.(noConnection, error)
  return true
}
