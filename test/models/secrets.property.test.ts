import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../models/secrets.ts';

describe('texts of others', () => {
  it('never hold a secret or the beginning of one that was cut', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9/"\\+]{8,40}$/),
        fc.stringMatching(/^[A-Z ]{0,320}$/),
        fc.stringMatching(/^[A-Z ]{0,50}$/),
        (value, before, after) => {
          const secrets = createSecrets({ KEY: value }, 'm');
          secrets.get({ secret: 'KEY', variable: 'KEY' });
          const text = `${before}${value}${after}${encodeURIComponent(value)}${JSON.stringify(value)}`;
          const cleaned = secrets.clean(text);
          expect(cleaned).not.toContain(value.slice(0, 4));
          expect(Array.from(cleaned).length).toBeLessThanOrEqual(301);
        },
      ),
    );
  });

  it('stay as they are where there is nothing to hide', () => {
    expect(createSecrets({}, 'm').clean('all is well')).toBe('all is well');
  });
});
