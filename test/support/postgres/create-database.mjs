// Makes a database unless there is one of that name. Usage: node create-database.mjs URL NAME, with a URL of a super-user.

import process from 'node:process';
import pg from 'pg';

const [url, name] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const duplicate = '42P04';
await client.query(`CREATE DATABASE ${name}`).catch((error) => {
  if (error.code !== duplicate) throw error;
});
await client.end();
