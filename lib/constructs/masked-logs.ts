import { CustomDataIdentifier, DataIdentifier, DataProtectionPolicy } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import { isOn } from '../switches.ts';

/** Nothing here logs a card number; a payload that a channel quotes in an error might. */
export const maskedLogs = (scope: Construct): { readonly dataProtectionPolicy?: DataProtectionPolicy } =>
  isOn(scope, 'maskCardNumbers')
    ? {
        dataProtectionPolicy: new DataProtectionPolicy({
          identifiers: [DataIdentifier.CREDITCARDNUMBER, new CustomDataIdentifier('UnionPayCard', '62[0-9]{14,17}')],
        }),
      }
    : {};
