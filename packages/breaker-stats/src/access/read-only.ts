import { ForbiddenError } from '../errors.ts'

/** For `access: 'public'`. */
export async function refuseActing(): Promise<void> {
  throw new ForbiddenError("with access 'public' nobody may act on breakers")
}
