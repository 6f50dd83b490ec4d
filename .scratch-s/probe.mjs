import net from 'node:net';
import { WebSocket } from 'ws';
const uws=(await import('uWebSockets.js')).default;
console.log(Object.keys(uws).join(' '));
const app=uws.App();
app.ws('/ws',{idleTimeout:0,maxPayloadLength:1000,maxBackpressure:0,sendPingsAutomatically:false,compression:0,
 upgrade(res,req,ctx){ res.upgrade({},req.getHeader('sec-websocket-key'),req.getHeader('sec-websocket-protocol').split(',')[0],'',ctx)},
 message(ws,m,b){ const t=Buffer.from(m).toString(); if(t==='throw') throw new Error('x'); if(t==='reason'){ ws.end(1008,'é'.repeat(80)); } if(t==='end1003'){ws.end(1003,'abc')} },
 close(ws,c,m){console.log('server close',c,Buffer.from(m).toString())}
});
app.any('/*',(res,req)=>{ const u=req.getUrl();
 console.log('route',req.getMethod(),req.getCaseSensitiveMethod?.(),u,req.getQuery());
 res.onAborted(()=>console.log('aborted',u));
 if(u==='/204'){res.writeStatus('204 No Content').endWithoutBody();return}
 if(u==='/head'){res.writeStatus('405 M').writeHeader('allow','POST').endWithoutBody(31);return}
 if(u==='/body'){ let n=0; res.onData((c,l)=>{n+=c.byteLength; if(l) res.cork(()=>res.end(String(n)))});return}
 if(u==='/early'){ res.onData((c,l)=>{console.log('data',c.byteLength,l)}); res.cork(()=>res.writeStatus('413 X').end('too large',true));return}
 res.end('hi');
});
app.listen('127.0.0.1',0,uws.LIBUS_LISTEN_EXCLUSIVE_PORT,async s=>{ const port=uws.us_socket_local_port(s); console.log('port',port);
 await new Promise(r=>uws.App().listen('127.0.0.1',port,uws.LIBUS_LISTEN_EXCLUSIVE_PORT,s2=>{console.log('second',!!s2);r()}));
 const raw=(t,ms=200)=>new Promise(r=>{const c=net.connect(port,'127.0.0.1');let d='';c.on('data',x=>d+=x);c.on('close',()=>{d+='<close>'});c.on('error',e=>d+='<'+e.code+'>');c.write(t);setTimeout(()=>{c.destroy();r(d)},ms)});
 console.log(JSON.stringify(await raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n')));
 console.log(JSON.stringify(await raw('POST /204 HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n')));
 console.log(JSON.stringify(await raw('HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n')));
 console.log(JSON.stringify(await raw('POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')));
 console.log(JSON.stringify(await raw('POST /early HTTP/1.1\r\nHost: a\r\ncontent-length: 100000\r\n\r\nabc')));
 console.log('expect',JSON.stringify(await raw('POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 3\r\n\r\n',300)));
 console.log('nohost',JSON.stringify(await raw('GET / HTTP/1.1\r\n\r\n')));
 console.log('http10',JSON.stringify(await raw('GET / HTTP/1.0\r\nHost: a\r\n\r\n')));
 console.log('bad',JSON.stringify(await raw('BLAH\r\n\r\n')));
 console.log('bigheader',JSON.stringify(await raw('GET / HTTP/1.1\r\nHost: a\r\nx: '+'a'.repeat(20000)+'\r\n\r\n')));
 console.log('star',JSON.stringify(await raw('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')));
 console.log('pct',JSON.stringify(await raw('GET /a%20b/../c//d?x=1&x=2 HTTP/1.1\r\nHost: a\r\n\r\n')));
 console.log('ws get plain',JSON.stringify(await raw('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')));
 const wsTest=(f)=>new Promise(r=>{const w=new WebSocket(`ws://127.0.0.1:${port}/ws`,'prefect');w.on('open',()=>f(w));w.on('close',(c,m)=>r([c,m.toString()]));w.on('error',e=>{})});
 for (const m of ['reason','end1003','x'.repeat(2000)]) console.log(m.slice(0,10),await wsTest(w=>w.send(m)));
 console.log('badutf8',await wsTest(w=>w.send(Buffer.from([0xff,0xfe]),{binary:false})));
 console.log('client close',await wsTest(w=>w.close(1000,'bye')));
 console.log('done');setTimeout(()=>process.exit(),100);
});
