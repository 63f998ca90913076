import { isGrpcServiceError } from '@temporalio/client';

const grpcNotFound = 5;

/** Whether the server said that it does not know the workflow, or knows it closed where an open one was asked for. */
export function isNotFound(error: unknown): boolean {
  return isGrpcServiceError(error) && error.code === grpcNotFound;
}
