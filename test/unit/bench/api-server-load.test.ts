import { sumsOf } from '../../bench/fleet/api-server-load.ts';

test('the API server’s counters are added up over their labels', () => {
  const text = `# TYPE apiserver_request_total counter
apiserver_request_total{code="200",verb="GET"} 12
apiserver_request_total{code="201",verb="POST"} 3
apiserver_watch_events_sizes_sum{resource="services"} 1.5e+03
apiserver_watch_events_sizes_count{resource="services"} 7
apiserver_request_total_else 9
`;
  expect(Object.fromEntries(sumsOf(text))).toEqual({
    apiserver_request_total: 15,
    apiserver_watch_events_sizes_sum: 1500,
  });
});
