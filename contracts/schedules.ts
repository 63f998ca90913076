/** What Temporal does with a firing that is due while the one before is still running. */
export const overlapPolicies = ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'allow-all'] as const;
export type OverlapPolicy = (typeof overlapPolicies)[number];

/** What a schedule tells a webhook of. */
export const notificationKinds = ['alert', 'failed', 'limit-stopped', 'missed'] as const;
export type NotificationKind = (typeof notificationKinds)[number];
