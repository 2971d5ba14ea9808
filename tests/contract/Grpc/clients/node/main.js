'use strict';
// Usage: node main.js SOCKET DESCRIPTORS

const { run } = require('./suite');
require('./calls');
require('./streams');
require('./services');

run();
