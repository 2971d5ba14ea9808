'use strict';
// Usage: node main.js SOCKET

const { run } = require('./suite');
require('./calls');
require('./streams');
require('./services');

run();
