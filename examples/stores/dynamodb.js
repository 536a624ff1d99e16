'use strict';

// Sessions in a table of DynamoDB, over a client of the package @aws-sdk/client-dynamodb. Copy it into your program.
//
//   const dynamodb = new DynamoDBClient({ region: 'eu-central-1' });
//   await dynamodb.send(new CreateTableCommand(definition())); // once, or in a template of your infrastructure
//   const client = new TokenClient({ baseURL, refresh, store: dynamoStore(dynamodb) });
//
// The program needs `dynamodb:GetItem` and `dynamodb:PutItem` on the table.

const { GetItemCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');

const NAME = 'token-rotator-sessions';

/** The table. No `TimeToLive`: an item that is deleted ends its session. */
const definition = (table = NAME) => ({
  TableName: table,
  AttributeDefinitions: [{ AttributeName: 'session', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'session', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
});

/** Names of attributes by another name, because some of them are words of DynamoDB's own. */
const CREATES = {
  ConditionExpression: 'attribute_not_exists(#session)',
  ExpressionAttributeNames: { '#session': 'session' },
};
const replaces = (expected) => ({
  ConditionExpression: '#version = :expected',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':expected': { S: expected } },
});

/**
 * @param {import('@aws-sdk/client-dynamodb').DynamoDBClient} client  of one region: in a global table with eventual consistency
 *   each region has its own condition, and the last writer wins
 * @param {{ table?: string }} [options]
 */
function dynamoStore(client, { table = NAME } = {}) {
  return {
    async read(session) {
      // Without ConsistentRead, which costs twice as much, a replica may give tokens that are spent.
      const Key = { session: { S: session } };
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item === undefined ? null : { record: Item.record.S, version: Item.version.S };
    },

    async compareAndSet(session, { record, version }, expected) {
      const Item = { session: { S: session }, record: { S: record }, version: { S: version } };
      const condition = expected === null ? CREATES : replaces(expected);
      try {
        // PutItem with a condition compares and writes in one step. The AWS client repeats it after a lost answer; such a repeat
        // conflicts with itself, which the rotation finds out by a read.
        await client.send(new PutItemCommand({ TableName: table, Item, ...condition }));
        return true;
      } catch (error) {
        if (error.name === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
  };
}

module.exports = { definition, dynamoStore };
