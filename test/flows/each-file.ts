import { holdToGrants } from './granted.ts';

holdToGrants();
