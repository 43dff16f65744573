%% Erlang peers of B12 and B13: messages and asks to a process of another node.
%% SPDX-License-Identifier: Apache-2.0
-module(peers_dist).
-export([one_way/0, round_trips/0]).
-export([far_sink/1]).

%% With a node in a process of its own beside this one; both end together. The
%% port mapper stays, as it does after any Erlang node.
with_far(Fun) ->
    [] = os:cmd("epmd -daemon"),
    wait_for_mapper(100),
    Name = list_to_atom("bench_" ++ os:getpid() ++ "@127.0.0.1"),
    {ok, _} = net_kernel:start([Name, longnames]),
    {ok, Peer, Node} =
        peer:start_link(#{name => peer:random_name(),
                          host => "127.0.0.1", longnames => true,
                          args => ["-setcookie",
                                   atom_to_list(erlang:get_cookie()),
                                   "-pa" | code:get_path()]}),
    Result = Fun(Node),
    peer:stop(Peer),
    Result.

wait_for_mapper(Tries) when Tries > 0 ->
    case erl_epmd:names("127.0.0.1") of
        {ok, _} -> ok;
        {error, _} -> timer:sleep(20), wait_for_mapper(Tries - 1)
    end.

%% B12: a thousand at a time; the last message asks for the sum.
one_way() ->
    with_far(
      fun(Node) ->
              Count = peers:scaled(500000),
              Sink = spawn_link(Node, ?MODULE, far_sink, [0]),
              Body = <<1, 0:(63 * 8)>>,
              Start = peers:now_ns(),
              Main = self(),
              spawn_link(fun() -> source(Count, Sink, Body, Main) end),
              receive {total, Count} -> ok end,
              peers:print("", (peers:now_ns() - Start) / Count,
                          "ns/message", Count)
      end).

source(0, Sink, _, Main) ->
    Sink ! {total, Main};
source(Left, Sink, Body, Main) ->
    Batch = min(Left, 1000),
    send(Batch, Sink, Body),
    self() ! more,
    receive more -> source(Left - Batch, Sink, Body, Main) end.

send(0, _, _) -> ok;
send(Left, Sink, Body) ->
    Sink ! {add, Body},
    send(Left - 1, Sink, Body).

far_sink(Sum) ->
    receive
        {add, <<First, _/binary>>} -> far_sink(Sum + First);
        {total, To} -> To ! {total, Sum}
    end.

%% B13: as B11, of a server in another process.
round_trips() ->
    with_far(
      fun(Node) ->
              {ok, Server} = peer_server(Node),
              peers_ask:round_trips(Server, peers:scaled(100000))
      end).

peer_server(Node) ->
    erpc:call(Node, gen_server, start, [peers_ask, [], []]).
