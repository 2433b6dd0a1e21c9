import equilibra = require('equilibra');
import data = require('equilibra/data');

equilibra.open().then(async (engine) => console.log(engine.backend, (await data.digits()).name));
