import { describe, expect, it } from 'vitest';
import { readUsage } from '../../models/read-evidence.ts';

// The same answer, 100 prompt tokens of which 60 came from a cache, as services spell it.
const answer = { num_prompt_tokens: 100, num_completion_tokens: 7, num_cached_prompt_tokens: 60 };

describe('the usage of an answer', () => {
  it.each([
    ['chat completions', { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 60 } }],
    ['responses', { input_tokens: 100, output_tokens: 7, input_tokens_details: { cached_tokens: 60 } }],
    [
      'messages, whose input tokens leave out what was read from the cache or written to it',
      { input_tokens: 30, output_tokens: 7, cache_read_input_tokens: 60, cache_creation_input_tokens: 10 },
    ],
    ['Gemini', { promptTokenCount: 100, candidatesTokenCount: 7, cachedContentTokenCount: 60 }],
    ['a count of cache hits', { prompt_tokens: 100, completion_tokens: 7, prompt_cache_hit_tokens: 60 }],
    ['a recording', answer],
  ])('is read from %s, with cached tokens among those of the prompt', (_, usage) => {
    expect(readUsage(usage)).toEqual(answer);
  });

  it('has no cached tokens where the service says nothing of them', () => {
    expect(readUsage({ prompt_tokens: 3, completion_tokens: 1 })).toEqual({
      num_prompt_tokens: 3,
      num_completion_tokens: 1,
    });
    expect(readUsage({ prompt_tokens: 3, prompt_tokens_details: null })).toEqual({ num_prompt_tokens: 3 });
  });
});
