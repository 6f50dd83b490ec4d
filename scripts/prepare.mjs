// Before `npm start` and `npm test`: installs what is missing and builds what is stale (prepare-build.mjs), and makes
// the copy of the edge library that this system needs.
import { prepareBuild, prepareEdge } from './prepare-build.mjs';

await prepareBuild(1);
await prepareEdge();
