import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

import { env } from '#platform/env.ts';
import { anyone, api, ok, route } from '#platform/http.ts';

import { openApi } from './document.ts';
import { getOpenApi } from './operations.ts';
import { problemPage } from './problems.ts';

/** Also stands behind every address that is no operation, so that those are refused with a problem document too. */
const described = api(
  anyone,
  route(getOpenApi, async () => ok(openApi(env('PUBLIC_URL')))),
);

/** The `type` of a problem leads a person to a page; a code that there is not is refused like any other address. */
export const handler = async (event: APIGatewayProxyEventV2, context: Context) =>
  (event.routeKey === 'GET /problems/{code}' && problemPage(event.pathParameters?.['code'] ?? '')) ||
  described(event, context);
