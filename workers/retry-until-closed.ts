import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type NextCall = Parameters<Interceptor>[1];
type Call = ReturnType<NextCall>;

const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions());
const cancelledCode = 1;

/**
 * The SDK's retries of a call, without their trap: between two tries waits a timer that no cancellation reaches, and on a
 * connection closed meanwhile the next try throws from it, where nobody can catch it, so that the process ends. Here that
 * try is the last, and the call is cancelled.
 */
export const retryUntilClosed: Interceptor = (options, nextCall) => {
  let isFirst = true;
  const tryAgain: NextCall = (callOptions) => {
    if (isFirst) {
      isFirst = false;
      return nextCall(callOptions); // thrown to the caller
    }
    try {
      return nextCall(callOptions);
    } catch (error) {
      return makeCancelledCall(error);
    }
  };
  return retry(options, tryAgain);
};

function makeCancelledCall(error: unknown): Call {
  const details = error instanceof Error ? error.message : String(error);
  return {
    start: (metadata, listener) => listener?.onReceiveStatus?.({ code: cancelledCode, details, metadata }),
    cancelWithStatus() {},
    getPeer: () => '',
    getAuthContext: () => null,
    sendMessageWithContext() {},
    sendMessage() {},
    startRead() {},
    halfClose() {},
  };
}
