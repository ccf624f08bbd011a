// Preloaded by the test run on Node versions that cannot strip types themselves (below 22.18).
import { register } from 'node:module'

process.env.TAP_TYPE_STRIP_ONLY = '1'
register('./strip-types-hooks.mjs', import.meta.url)
