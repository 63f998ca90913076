import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseListenAddress } from '../../workers/health-server.ts';

// What containers are started with agrees with what the worker reads, answers and needs.

const repository = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFile(path.join(repository, file), 'utf8');
const kubernetes = path.join('deploy', 'kubernetes');

const [compose, dockerfile, main, healthServer, example] = await Promise.all(
  ['docker-compose.yml', 'docker/Dockerfile', 'workers/main.ts', 'workers/health-server.ts', '.env.example'].map(read),
);
const { services, volumes } = parse(compose ?? '', { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
}

/** Variables that the worker's entry reads, beside those of Temporal's and PostgreSQL's own libraries and of the store. */
const ownVariables = new Set([...(main ?? '').matchAll(/'(STET_[A-Z_]+)'/g)].map(([, name = '']) => name));
const isRead = (name: string) =>
  ownVariables.has(name) || /^(TEMPORAL_|PG|STET_STORE$|STET_BLOBS$|STET_ENCRYPTION_KEYS$)/.test(name);

const objects = (
  await Promise.all(
    (
      await readdir(path.join(repository, kubernetes))
    ).map(async (file) =>
      parseAllDocuments(await read(path.join(kubernetes, file))).map((document) => {
        expect(document.errors).toEqual([]);
        return [file, document.toJS() as Manifest] as const;
      }),
    ),
  )
).flat();

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name: string; readonly namespace?: string };
  readonly resources?: readonly string[];
  readonly [field: string]: unknown;
}

const find = (kind: string): Manifest => {
  const found = objects.find(([, object]) => object.kind === kind)?.[1];
  if (found === undefined) throw new Error(`There is no ${kind}.`);
  return found;
};

describe('docker-compose.yml', () => {
  it('pins every image to a release', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
  });

  it('listens on loopback only, and keeps what has to stay in named volumes', () => {
    for (const { ports = [] } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
    expect(Object.keys(volumes)).toEqual(['postgresql-data']);
    expect(services['postgresql']?.volumes).toEqual(['postgresql-data:/var/lib/postgresql/data']);
  });

  it('gives its worker only what the worker reads, and a file system that it cannot write', () => {
    const { environment = {}, read_only: isReadOnly, tmpfs, depends_on: needs = {} } = services['worker'] ?? {};
    for (const name of Object.keys(environment)) expect(isRead(name), name).toBe(true);
    expect([isReadOnly, tmpfs]).toEqual([true, ['/tmp']]);
    for (const needed of Object.keys(needs)) expect(Object.keys(services)).toContain(needed);
  });

  it('asks for every setting that the example names', () => {
    const names = [...(compose ?? '').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    for (const name of new Set(names)) expect(example).toMatch(new RegExp(`^${name}=`, 'm'));
  });
});

describe('docker/Dockerfile', () => {
  it('runs the worker as nobody in particular, and looks at its health where that is answered', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^FROM node:\d+\.\d+\.\d+-bookworm-slim/m);
    expect(dockerfile).toMatch(/"\/opt\/stet\/dist\/workers\/main\.js"\]$/m);
    const [, address = ''] = /STET_HEALTH=(\S+)/.exec(dockerfile ?? '') ?? [];
    const { port } = parseListenAddress(address);
    expect(dockerfile).toContain(`http://127.0.0.1:${port}/healthz`);
    expect(healthServer).toContain("'/healthz'");
  });
});

describe('deploy/kubernetes', () => {
  const deployment = find('Deployment') as Manifest & { readonly spec: DeploymentSpec };

  interface DeploymentSpec {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly envFrom: readonly { readonly secretRef: { readonly name: string } }[];
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly [probe: string]: unknown;
        }[];
      };
    };
  }

  const [container = { env: [], envFrom: [], ports: [] }] = deployment.spec.template.spec.containers;

  it('applies files that are there', () => {
    const files = objects.map(([file]) => file);
    for (const file of find('Kustomization').resources ?? []) expect(files).toContain(file);
  });

  it('selects the pods that it makes, by one label', () => {
    const { selector, template } = deployment.spec;
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(find('PodDisruptionBudget')['spec']).toMatchObject({ selector });
    expect(find('HorizontalPodAutoscaler')['spec']).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: deployment.metadata?.name },
    });
  });

  it('gives the worker only what it reads, its secret included', () => {
    for (const { name } of container.env) expect(isRead(name), name).toBe(true);
    const secret = find('Secret') as Manifest & { readonly stringData: object };
    expect(container.envFrom.map(({ secretRef }) => secretRef.name)).toEqual([secret.metadata?.name]);
    for (const name of Object.keys(secret.stringData)) expect(isRead(name), name).toBe(true);
  });

  it('probes the port that the worker listens on, at paths that it answers', () => {
    const { port } = parseListenAddress(container.env.find(({ name }) => name === 'STET_HEALTH')?.value ?? '');
    expect(container.ports).toContainEqual({ name: 'health', containerPort: port });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { httpGet } = container[probe] as { readonly httpGet: { readonly path: string; readonly port: string } };
      expect(httpGet.port).toBe('health');
      expect(healthServer).toContain(`'${httpGet.path}'`);
    }
  });
});
