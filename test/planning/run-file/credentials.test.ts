import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../contracts/evaluation-error.ts';
import { checkSecrets } from '../../../planning/run-file/index.ts';
import { failConfig, makeConfig, readConfig, sections, showProblems } from './read-config.ts';

const model = (config: string, rest = '') =>
  `models:\n  - {key: m, ${rest}config: {connection_type: openai_compatible, base_url: "https://example.org/v1", model_key: x, ${config}}}\n`;

describe('credential fields', () => {
  it('become references, from << secrets.NAME >> and from $VAR', async () => {
    const text = `${model('api_key: << secrets.LAB >>, custom_headers: {X-Api-Key: $OTHER, X-Team: red, X-Trace: << secrets.LAB >>}')}secrets: {LAB: $LAB_KEY}\n`;
    const { models, secrets } = await readConfig(text);
    expect(models.get('m')?.config).toMatchObject({
      api_key: { secret: 'LAB', variable: 'LAB_KEY' },
      custom_headers: {
        'X-Api-Key': { secret: 'OTHER', variable: 'OTHER' },
        'X-Team': 'red',
        'X-Trace': { secret: 'LAB', variable: 'LAB_KEY' },
      },
    });
    expect(secrets).toEqual({
      LAB: { secret: 'LAB', variable: 'LAB_KEY' },
      OTHER: { secret: 'OTHER', variable: 'OTHER' },
    });
  });

  it('take a secret that the model itself declares, and never a value from the environment', async () => {
    const run = await readConfig(model('api_key: << secrets.OWN >>', 'secrets: {OWN: $OWN_KEY}, '), {
      environment: { OWN_KEY: 'hidden' },
    });
    expect(run.models.get('m')).toMatchObject({ secrets: { OWN: { secret: 'OWN', variable: 'OWN_KEY' } } });
    expect(JSON.stringify([...run.models])).not.toContain('hidden');
  });

  it.each([
    ['a literal key', 'api_key: hidden-1'],
    ['a literal with a variable in it', 'api_key: "Bearer $hidden"'],
    ['an empty key', 'api_key: '],
    ['a mapping that looks like a reference', 'api_key: {secret: hidden, variable: hidden}'],
    ['a reference inside text', 'api_key: "Bearer << secrets.LAB >>"'],
    ['a literal Authorization', 'custom_headers: {authorization: hidden}'],
    ['a literal cookie', 'custom_headers: {Cookie: hidden}'],
    ['a literal api-key header', 'custom_headers: {X-Api-Key-2: hidden}'],
    ['a mapping as header', 'custom_headers: {X-Any: {secret: hidden, variable: hidden}}'],
  ])('refuse %s without repeating it', async (_, config) => {
    const problems = await failConfig(model(config));
    expect(problems).toMatchObject([{ code: 'config-secret', location: { file: 'run.yaml', line: 2 } }]);
    expect(showProblems(problems).join('\n')).not.toContain('hidden');
  });

  it('refuse a literal under secrets, and the same name with two values', async () => {
    const problems = await failConfig(`secrets: {A: hidden, B: $B1}\n${model('api_key: $B', 'secrets: {B: $B2}, ')}`);
    expect(problems.map(({ code, location }) => [code, location?.line])).toEqual([
      ['config-secret', 1],
      ['config-secret', 3],
      ['config-secret', 3],
    ]);
    expect(showProblems(problems).join('\n')).not.toContain('hidden');
  });

  it('do not show in a message about a number that is too large', async () => {
    const problems = await failConfig(model('api_key: 12345678901234567890'));
    expect(problems).toMatchObject([{ code: 'config-yaml', location: { line: 2 } }]);
    expect(showProblems(problems).join()).not.toContain('1234567890');
  });

  it('name the nearest declared secret', async () => {
    expect(
      showProblems(await failConfig(`secrets: {LAB_KEY: $LAB_KEY}\n${model('api_key: << secrets.LAB_KEI >>')}`)).join(),
    ).toContain('names no declared secret. (Did you mean "LAB_KEY"?)');
  });

  it.each(['https://u:hidden@example.org/v1', 'https://hidden@example.org', '$ADDRESS'])(
    'refuse user-info in the address %s',
    async (address) => {
      const text = `models:\n  - {key: m, config: {url: "${address}"}}\n`;
      const problems = await failConfig(text, { environment: { ADDRESS: 'https://u:hidden@example.org' } });
      expect(problems).toMatchObject([{ code: 'config-secret', location: { line: 2, column: 28 } }]);
      expect(showProblems(problems).join()).not.toContain('hidden');
    },
  );

  it('are the only places for a secret', async () => {
    const tasks = sections.tasks.replace('{{ sample.q }}', 'Use << secrets.LAB >>');
    const problems = await failConfig(makeConfig({ tasks }, 'secrets: {LAB: $LAB}\n'));
    expect(problems).toMatchObject([
      { code: 'config-secret', message: expect.stringContaining('cannot stand in tasks[0].definition') },
    ]);
  });

  it('of connections that are not built yet are not mistaken for text', async () => {
    const problems = await failConfig(
      'models:\n  - {key: m, config: {connection_type: azure_foundry, client_secret: $AZURE_CLIENT_SECRET}}\n',
    );
    expect(problems.map(({ code }) => code)).toEqual(['not-built-yet']);
  });
});

describe('checkSecrets', () => {
  const text = `${model('api_key: $LAB_KEY')}  - {$provider: openai/gpt-5}\n`;

  it('names what is unset, for models that are asked', async () => {
    const run = await readConfig(text);
    checkSecrets(run, []);
    let error: unknown;
    try {
      checkSecrets(run, ['m', 'openai$gpt-5']);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(showProblems((error as ConfigurationError).problems)).toEqual([
      expect.stringMatching(/^run\.yaml:2:\d+ config-secret: The model "m" needs the environment variable LAB_KEY/),
      expect.stringMatching(
        /^run\.yaml:3:17 config-secret: The model "openai\$gpt-5" needs the environment variable OPENAI_API_KEY/,
      ),
    ]);
  });

  it('accepts what is set, and takes an empty value for none', async () => {
    const run = await readConfig(text, { environment: { LAB_KEY: 'x', OPENAI_API_KEY: '' } });
    expect(() => checkSecrets(run, ['m'])).not.toThrow();
    expect(() => checkSecrets(run, ['openai$gpt-5'])).toThrow(/OPENAI_API_KEY/);
  });
});
