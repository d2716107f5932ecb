/** Metrics that several objects of a process share: the first one creates them. */
import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type Registry,
} from 'prom-client';

export function sharedCounter<L extends string>(registry: Registry, config: CounterConfiguration<L>): Counter<L> {
  const found = registry.getSingleMetric(config.name);
  return found instanceof Counter ? found : new Counter({ ...config, registers: [registry] });
}

export function sharedGauge<L extends string>(registry: Registry, config: GaugeConfiguration<L>): Gauge<L> {
  const found = registry.getSingleMetric(config.name);
  return found instanceof Gauge ? found : new Gauge({ ...config, registers: [registry] });
}

export function sharedHistogram<L extends string>(registry: Registry, config: HistogramConfiguration<L>): Histogram<L> {
  const found = registry.getSingleMetric(config.name);
  return found instanceof Histogram ? found : new Histogram({ ...config, registers: [registry] });
}
