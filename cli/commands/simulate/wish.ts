/** The change that the command line names. */
export type Wish =
  | { readonly kind: 'nodeGone' | 'maintenance'; readonly node: string }
  /** `of` as the user writes it. */
  | { readonly kind: 'delete'; readonly of: string; readonly name: string }
  | { readonly kind: 'apply'; readonly paths: readonly string[] };
