export { makeId } from '../planning/make-id.ts';
