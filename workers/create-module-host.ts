// A composition root hands the module host on; `embedded/` does not know `modules/`.
export { createModuleHost } from '../modules/create-module-host.ts';
