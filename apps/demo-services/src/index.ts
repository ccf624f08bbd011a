export { buildAuth } from './auth.ts'
export { buildDelivery } from './delivery.ts'
export type { Faults } from './faults.ts'
export { buildOrders, type Order } from './orders.ts'
export { buildProfile, type ProfileOptions } from './profile.ts'
export { buildRestaurants } from './restaurants.ts'
export {
  buildDemoService,
  demoServiceNames,
  startDemoServices,
  type DemoServiceName,
  type DemoServices,
} from './start.ts'
