import { env } from '#platform/env.ts';
import { anyone, api, ok, route } from '#platform/http.ts';

import { openApi } from './document.ts';
import { getOpenApi } from './operations.ts';

/** Also stands behind every address that is no operation, so that those are refused with a problem document too. */
export const handler = api(
  anyone,
  route(getOpenApi, async () => ok(openApi(env('PUBLIC_URL')))),
);
