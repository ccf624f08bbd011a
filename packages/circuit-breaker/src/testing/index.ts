export { fail, succeed, trip } from './drive.ts'
export { FleetModel } from './fleet-model.ts'
export { fleetStoreContract, type FleetStoreCase, type FleetStoreSubject } from './fleet-store-contract.ts'
export { ManualClock } from './manual-clock.ts'
