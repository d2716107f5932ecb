/** Prints a report as the user asked: as text, JSON or YAML. */
import type { Report } from './report.ts';
import type { View } from './view.ts';

export const FORMATS = ['text', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

export async function printed({ data, text }: Report, format: Format, view: View): Promise<string> {
  if (format === 'json') return `${JSON.stringify(data, undefined, 2)}\n`;
  if (format === 'text') return `${text(view)}\n`;
  const { stringify } = await import('yaml');
  return stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}
