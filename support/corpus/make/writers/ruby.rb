# What Ruby's own json writes for a hash: `ruby ruby.rb IN OUT`.
require 'json'
require 'time'

texts = JSON.parse(File.read(ARGV[0], encoding: 'utf-8')).map do |made|
  event = made['event']
  sent = {
    event: event['event'],
    resource: event['resource'],
    related: event['related'],
    payload: event['payload'],
    occurred: Time.parse(event['occurred']).utc.iso8601,
    id: event['id'],
  }
  sent[:follows] = event['follows'] if event['follows']
  JSON.generate(sent)
end
File.binwrite(ARGV[1], texts.join("\0"))
