import { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, defineUpdate, setHandler } from '@temporalio/workflow';
import { pauseUpdateName, unpauseUpdateName } from '../contracts/workflow-inputs.ts';
import { storeActivities } from './activity-proxies.ts';

export const pauseUpdate = defineUpdate<string | null>(pauseUpdateName);
export const unpauseUpdate = defineUpdate<string | null>(unpauseUpdateName);

/** Whether a run is paused, as its evaluation knows it; the store says it to whoever sends queries. */
export interface Pausing {
  /** Takes over what the store says: this may be the workflow of a run that was paused before Temporal forgot it. */
  begin(pausedAt: string | null): void;
  /** From now on updates are refused: the end is being recorded. */
  end(): void;
}

/**
 * Accepts the updates `pause` and `unpause`. What would change nothing is refused before it enters the history.
 *
 * @param onChange - Hears since when the run is paused; null: it goes on.
 */
export function acceptPauses(runId: string, onChange: (pausedAt: string | null) => void): Pausing {
  let isPaused = false;
  let isEnding = false;
  /** One after the other, or the store could hear of a pause and its end in the wrong order. */
  let turn: Promise<unknown> = Promise.resolve();

  const change = (wanted: boolean) => {
    isPaused = wanted;
    const summary = wanted ? 'pause the run' : 'let the run go on';
    const changed = turn.then(() =>
      CancellationScope.nonCancellable(() =>
        storeActivities.recordRunPaused.executeWithOptions({ summary }, [{ runId, isPaused: wanted }]),
      ),
    );
    turn = changed.catch(() => {
      isPaused = !wanted;
    });
    return changed.then((pausedAt) => {
      onChange(pausedAt);
      return pausedAt;
    });
  };
  const refuse = (wanted: boolean) => {
    if (isEnding) throw ApplicationFailure.nonRetryable('The run is ending.', 'run-ending');
    if (isPaused !== wanted) return;
    throw ApplicationFailure.nonRetryable(
      wanted ? 'The run is paused already.' : 'The run is not paused.',
      wanted ? 'already-paused' : 'not-paused',
    );
  };
  setHandler(pauseUpdate, () => change(true), {
    validator: () => refuse(true),
    description: 'Sends nothing new until the run is unpaused; queries in flight may finish.',
  });
  setHandler(unpauseUpdate, () => change(false), {
    validator: () => refuse(false),
    description: 'Lets a paused run go on.',
  });
  return {
    begin(pausedAt) {
      // An update that came with the start is newer than what the store said.
      if (pausedAt === null || isPaused) return;
      isPaused = true;
      onChange(pausedAt);
    },
    end() {
      isEnding = true;
    },
  };
}
