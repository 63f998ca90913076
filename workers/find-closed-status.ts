// A composition root hands it on; `embedded/` does not know `activities/`.
export { findClosedStatus } from '../activities/find-closed-status.ts';
