'use strict';

// pm2 start ecosystem.config.js

module.exports = {
  apps: [
    {
      name: 'orders',
      script: './service.js',
      exec_mode: 'cluster',
      instances: 'max',
      // The next process is up before the last one is told to end.
      wait_ready: true,
      // pm2 sends SIGINT, and SIGKILL so long after it. Its default of 1.6 s is too short for any request.
      kill_timeout: 30_000,
      env: {
        PORT: '3000',
        // pm2 sends nothing to a process that it ends, so that there is nothing to wait for.
        LINGER_MS: '0',
        TOKEN_DIRECTORY: '/var/lib/orders/tokens',
      },
    },
  ],
};
