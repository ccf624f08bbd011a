/** `fast-gateway`, one route. */
import gateway from 'fast-gateway'
import { listenRaw, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'

const { upstream } = settings() as ProxySettings
const service = gateway({ routes: [{ prefix: '', target: upstream }] })
await listenRaw(service.getServer())
