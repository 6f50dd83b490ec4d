/**
 * What both descriptions begin with.
 */
export const title = 'Sluice';
/** The release of Prefect whose events API this is, with Sluice's extensions. */
export const version = '3.8.8';
export const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };

export const aboutApi =
  'Sluice speaks the events API of Prefect 3. Stock clients work as they are; what they do not send is an extension. ' +
  'Times are in UTC. Every way in which Sluice says no has a name: it stands in counters and logs, and in ' +
  '`x-failures` here. A question is answered in compact UTF-8 JSON, and as gzip to who takes it.\n\n' +
  'Besides what each operation lists: an unknown path is 404, another method 405, a path with a slash behind it is ' +
  'sent on with 307, and HTTP other than 1.1 is 505. A key of a body that is not listed is passed over, as by ' +
  'Prefect; within a filter it is 422.';
