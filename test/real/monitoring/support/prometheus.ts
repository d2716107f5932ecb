/** A Prometheus of the test's own, with the alerts of manifests/components/monitoring. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Daemon } from '../../../support/daemon.ts';
import { until } from '../../../support/eventually.ts';
import { freePorts } from '../../../support/free-port.ts';

export const PROMETHEUS_PACKAGE = { prometheus: '/usr/bin/prometheus' } as const;
const FOLDER = join(import.meta.dirname, '../../../../manifests/components/monitoring');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

export function rules(): { readonly groups: readonly object[]; readonly alerts: readonly Rule[] } {
  const { groups } = parse(readFileSync(join(FOLDER, 'prometheus-rule.yaml'), 'utf8')).spec as {
    groups: { rules: Rule[] }[];
  };
  return { groups, alerts: groups.flatMap((group) => group.rules) };
}

export interface Panel {
  readonly title: string;
  readonly expr: string;
}

/** Each query of the dashboard. */
export function panels(): Panel[] {
  const dashboard = JSON.parse(readFileSync(join(FOLDER, 'dashboard.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

export interface Target {
  readonly component: string;
  readonly scheme: 'http' | 'https';
  /** `127.0.0.1:port`. */
  readonly address: string;
}

export class Prometheus {
  readonly daemon: Daemon;
  readonly #url: string;

  private constructor(daemon: Daemon, url: string) {
    this.daemon = daemon;
    this.#url = url;
  }

  /** Alerts fire at once. @param folder its own. @param token that the metrics need. */
  static async start(folder: string, targets: readonly Target[], token: string): Promise<Prometheus> {
    const groups = rules().groups.map((group) => ({
      ...group,
      rules: rules().alerts.map((rule) => ({ ...rule, for: '0s' })),
    }));
    writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups }));
    const scrape_configs = targets.map(({ component, scheme, address }) => ({
      ...{ job_name: component, scheme, tls_config: { insecure_skip_verify: true } },
      authorization: { credentials: token },
      static_configs: [{ targets: [address], labels: { instance: component } }],
    }));
    const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
    const config = join(folder, 'prometheus.yml');
    writeFileSync(config, JSON.stringify({ global, rule_files: ['rules.json'], scrape_configs }));
    const [port = 0] = await freePorts(1);
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const logFile = join(folder, 'prometheus.log');
    const daemon = new Daemon({ name: 'prometheus', command: PROMETHEUS_PACKAGE.prometheus, args, logFile });
    const prometheus = new Prometheus(daemon, `http://127.0.0.1:${port}`);
    await until('Prometheus', () => prometheus.#isReady(), { withinMs: 20_000 });
    return prometheus;
  }

  /** The values of an instant query. */
  async query(expr: string): Promise<number[]> {
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expr)}`)) as {
      result: { value: [number, string] }[];
    };
    return result.map(({ value }) => Number(value[1]));
  }

  /** The names of the alerts that fire. */
  async firing(): Promise<string[]> {
    const { alerts } = (await this.#get('alerts')) as { alerts: { state: string; labels: { alertname: string } }[] };
    return alerts.flatMap(({ state, labels }) => (state === 'firing' ? [labels.alertname] : [])).toSorted();
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== 'success') throw new Error(`Cannot ask Prometheus for ${path}: ${answer.error}`);
    return answer.data;
  }

  async #isReady(): Promise<boolean> {
    return (await fetch(`${this.#url}/-/ready`).catch(() => undefined))?.ok === true;
  }
}
